"""What a tumour's alterations say of drugs: measured in lines, published, and labelled."""
